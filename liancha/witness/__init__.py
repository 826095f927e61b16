"""The outsiders of the public log: a witness that cosigns, an audit that looks from outside.

For another body on its own machine: no Django, no database, no settings of a site; one folder with
a key and what was seen. A witness cosigns a checkpoint only when it continues the last one it saw,
never goes back, and keeps as evidence what it refused. An audit asks a running site for proofs and
says where they break. Neither ever sees what an entry says unless it is public, and neither judges
draws: that is the verifier's work. (Measures, art. 19; draw protocol, §7.)
"""
