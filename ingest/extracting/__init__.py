"""Text and facts out of files made for reading: papers and pages. Nothing here touches a database or a network."""
