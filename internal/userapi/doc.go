// Package userapi has what the endpoints that users send requests to have in common: the
// token of a request, requests of web pages, a limit for each user, metrics and problems.
package userapi
