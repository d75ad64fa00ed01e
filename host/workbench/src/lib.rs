//! What security staff do with a draft of policies: check, test, explain, replay.
