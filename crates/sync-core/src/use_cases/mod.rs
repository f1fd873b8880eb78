//! What each route, the queue and the schedule do.
