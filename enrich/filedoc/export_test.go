package filedoc

// Parse reads the documents of a file as BSON.
var Parse = parse
