"""From predictions to decisions: which lines, which crosses, which edits."""
