"""The pages of this room: the office, the phone on the spot, paper, and what a firm may scan."""
