"""How the line model is made: labelled pages in, boosters out. No step of the main job imports it."""
