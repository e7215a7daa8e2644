// Package appservices sends the requests of App Services' SDKs to a sidecar with the
// preset app-services. It also runs the functions of an exported app.
package appservices
