"""The client's portal: their projects, batches and deliveries, and what is asked of them.

Never a labeller's name, a cost, gold, or anything of another client.
"""
