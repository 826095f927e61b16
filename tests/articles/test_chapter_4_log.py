"""Article 19, third paragraph, from outside: a record that was changed shows itself."""

from __future__ import annotations

import pytest

from liancha.rulebook import notes
from liancha.witness import auditing, following, judging
from liancha.witness.store import Store
from tests.rooms.log_site import NOW, FakeSite


class TestArticle19:
    """What is locked is never changed, and other bodies can tell.

    Source: art. 19, paragraph 3.
    """

    @pytest.fixture
    def witness(self, tmp_path):
        return Store(tmp_path)

    def test_who_changes_a_locked_record_finds_no_witness_for_it(self, witness):
        site = FakeSite(12)
        witness.trust(notes.read_key(site.key))
        signer = witness.signer("公证处")
        following.look(witness, signer, site, seconds=NOW)
        site.leaves[5] = b"another list"
        site.publish()
        with pytest.raises(judging.Inconsistent, match="改写"):
            following.look(witness, signer, site, seconds=NOW)

    def test_who_looked_once_sees_that_a_record_is_gone(self):
        site, seen = FakeSite(12), auditing.Seen()
        assert auditing.audit(site, seen, seconds=NOW).broken == []
        del site.leaves[9:]
        site.publish()
        (said,) = auditing.audit(site, seen, seconds=NOW).broken
        assert "截短" in said
