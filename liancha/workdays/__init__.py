"""Which days are working days, year by year, as the State Council announces them (art. 22).

A year is entered once its arrangement is published, usually each November, by pasting the notice;
until then every term that runs into it says how far it can be counted. The counting itself is in
`rulebook.deadlines`. Nothing here guesses a year.
"""
