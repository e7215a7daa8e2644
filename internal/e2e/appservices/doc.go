// Package appservices plays the SDKs of MongoDB Atlas App Services against a
// sidecar with the preset of that name, and the functions of an exported app.
package appservices
