zip -r a2.zip .
