"""The 23 articles as claims, in the order of the text: class TestArticle19 for article 19.

`test_chapter_N_*.py` hold what the rulebook alone can show. What needs a room stands beside them
in `test_chapter_N_<room>.py`, in a class of the same name, written by whoever writes the room.
`docs/articles.md` finds both by the name of the class. An article without a class needs a line in
`docs/write.py` that says why no software answers it.
"""
