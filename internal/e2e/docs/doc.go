// Package docs holds the documents to the code: what they show is what happens,
// and what they link to exists.
package docs
