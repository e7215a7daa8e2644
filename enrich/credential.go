package enrich

// A Credential is a field of a user's data that looks like a credential, such as the hash
// of a password. A [Source] reports it with the [Document].
type Credential struct {
	// Path is the path of the field: names joined with dots, through arrays. A name that
	// may identify a user is *.
	Path string
	// Dropped means that the field is not in the document. Otherwise it is.
	Dropped bool
}
