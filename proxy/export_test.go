package proxy

// Decode undoes the content codings of a body.
var Decode = decode
