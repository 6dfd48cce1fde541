"""What was seen on the wire: frames, capture files, dissection, and the queries of the judges."""
