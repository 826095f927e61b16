"""Pages of this room: people and their papers, and the tables that bring them in."""
