"""OCPP-J 1.6: frames, and who owes whom an answer. No sockets, no messages' content."""
