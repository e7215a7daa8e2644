package mongodoc

import "go.mongodb.org/mongo-driver/v2/mongo/options"

// Tuned is exported for a promise that shows on the wire only with a replica
// set.
var Tuned = tuned

// Through returns o for a network that a test makes.
func (o Options) Through(dialer options.ContextDialer) Options {
	o.dialer = dialer
	return o
}
