"""Applicants: openings with a public link, the stages on the way to work, letters, and forgetting.

keys          what duplicates are found by
visible       who sees which openings and applicants
openings      made, opened to the public by a link, closed
applying      what the public form takes
stages        the pipeline itself, as managers shape it
moving        from stage to stage, one or many, under a lock
facts         stages that follow what happened elsewhere: certified, at work, gone
taking_on     an account, a membership and an invitation for an applicant
letters       templates with words to fill in
posting       letters written, sent, or waiting to be copied
notes         what managers write down
listing       the board's columns and the table's rows
duplicates    who may be the same person, and why
own_data      all that is held of an applicant, as plain data
forgetting    erasing it
"""
