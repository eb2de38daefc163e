"""Each endpoint that writes, called with success: `CASES` of a part are endpoint to caller.

A case takes the world and returns what a client does in it.
"""
