"""Repeat a draw with the engine of one's choice: `python -m liancha.draw.engines`.

For pools that are larger than a machine, and for whoever wants to see that the engines agree.
The list goes to the output or a file, its SHA-256 to the error output; the exit status is 1 where
it is not the one the transcript names.
"""

from __future__ import annotations

import argparse
import sys
from hashlib import sha256
from pathlib import Path

from liancha.rulebook import sampling
from liancha.rulebook.reading import read_transcript
from liancha.rulebook.transcript import TargetTranscript, drawn_file

from . import Engine, draw_by


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m liancha.draw.engines", description=__doc__)
    parser.add_argument("frame", help="frame.tsv; for Spark also an address it can read")
    parser.add_argument("transcript", type=Path, help="transcript.json of the same draw")
    parser.add_argument("--engine", type=Engine, default=Engine.PLAIN, choices=list(Engine))
    parser.add_argument("--master", help="Spark's master, for instance local[2]")
    parser.add_argument("--output", type=Path, help="where drawn.tsv goes; else it is printed")
    asked = parser.parse_args(words)

    said = read_transcript(asked.transcript.read_bytes())
    if not isinstance(said, TargetTranscript):
        parser.error("这是执法检查人员的抽取记录，这里只复算检查对象的抽取")
    strata = said.rule.strata
    if asked.engine == Engine.SPARK:
        from . import spark  # only here: Java is started by it

        is_address = "://" in asked.frame
        frame = asked.frame if is_address else Path(asked.frame)
        sieve = spark.sieve(frame, spark.begin(asked.master))
        drawing = sampling.draw_with(sieve, strata, said.seed)
    else:
        drawing = draw_by(asked.engine, Path(asked.frame), strata, said.seed)
    data = drawn_file(drawing.lines)
    if asked.output:
        asked.output.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)
    digest = sha256(data).hexdigest()
    is_same = digest == said.drawn.sha256
    print(f"drawn.tsv {digest} {'相符' if is_same else '与抽取记录不符'}", file=sys.stderr)
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
