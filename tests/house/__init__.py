"""Tests about the code itself: what the house style promises and a machine can check."""
