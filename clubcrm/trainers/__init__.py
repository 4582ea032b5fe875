"""Staff who teach, and who looks after whom.

Owns trainers and the assignments of clients to them. It promises one open assignment a person at most,
and that it follows the trainer named with the person, however that name came there.
"""
