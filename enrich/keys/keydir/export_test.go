package keydir

// Publish is publish.
var Publish = publish
