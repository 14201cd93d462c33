//! Stories through the real bot with fake outside systems.
