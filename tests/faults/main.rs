//! What goes wrong: every tool × every fault, kills and signals, a broken network, floods of output and of findings. Fake programs
//! stand in for all tools.

#[path = "../common/mod.rs"]
mod common;

mod actions;
mod killed;
mod many_findings;
mod matrix;
mod network;
mod output;
mod signals;
