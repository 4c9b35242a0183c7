"""The three meta readings: Nietzsche, Aurelius, Campbell."""
