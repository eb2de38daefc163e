"""Clients' own machines are told what happens, by signed messages (the Standard Webhooks spec)."""
