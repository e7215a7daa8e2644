package filedoc

// Parse is parse.
var Parse = parse
