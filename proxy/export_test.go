package proxy

// Decode removes the content codings of a body.
var Decode = decode
