"""When people work: hours of their week, absences, shifts; in their own time, summer time right."""
