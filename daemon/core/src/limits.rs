//! Every bound of the assistant, each with its reason. Bounds that only an edge needs (a line, a
//! socket) stand in the daemon beside that edge.
