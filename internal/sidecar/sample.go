package sidecar

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// sampleTimeout bounds the reads of one sample.
const sampleTimeout = 5 * time.Second

// sample reads some documents with the settings of a draft, and looks for those of the users
// who logged in last. Only a peer who may write sees ids.
func (s *Sidecar) sample(ctx context.Context, peer adminapi.Peer, draft *config.Config) (adminapi.Sample, error) {
	now, then := s.current().cfg.Documents.MongoDB, draft.Documents.MongoDB
	if !peer.Writes && (now.Database != then.Database || now.Collection != then.Collection) {
		return adminapi.Sample{}, forbidden("The draft reads another collection. Send the admin token to look at its documents.")
	}
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	source, err := openSource(draft, Options{}.withDefaults())
	if err != nil {
		return failedSample(err), nil
	}
	defer source.Close(context.WithoutCancel(ctx))
	sampler, ok := source.(interface {
		Sample(context.Context) (bsonjson.Sample, error)
	})
	if !ok {
		return failedSample(errors.New("these documents cannot be sampled")), nil
	}
	found, err := sampler.Sample(ctx)
	if err != nil {
		return failedSample(err), nil
	}
	out := sampled(found, draft, peer.Writes)
	if peer.Writes {
		s.o.Logger.Info("showed a sample of documents on the admin listener, with some ids of users", "documents", found.Documents, "peer", peer.Address)
	}
	// The claims of earlier logins are not kept, so another claim cannot be tried.
	if s.current().cfg.Documents.UserIDClaim == draft.Documents.UserIDClaim {
		users, _ := lookUpFrom(ctx, source, usersOf(s.past.pastLogins())) // without an answer there is nothing to count
		out.Users, out.UsersFound = haveDocuments(users)
	}
	return out, nil
}

func failedSample(err error) adminapi.Sample {
	return adminapi.Sample{Fields: []adminapi.SampledField{}, IDs: []adminapi.SampledIDs{}, Fault: err.Error()}
}

// haveDocuments counts the users who could be looked up, and those of them who have a
// document.
func haveDocuments(users map[enrich.User]lookedUp) (known, found int) {
	for _, user := range users {
		if isAnswer(user.err) {
			known++
		}
		if isAnswer(user.err) && !errors.Is(user.err, enrich.ErrNoDocument) {
			found++
		}
	}
	return known, found
}

func sampled(s bsonjson.Sample, draft *config.Config, withIDs bool) adminapi.Sample {
	out := adminapi.Sample{
		Documents: s.Documents, Fields: []adminapi.SampledField{}, IDs: []adminapi.SampledIDs{},
		MedianBytes: median(s.Sizes), MaxBytes: largest(s.Sizes),
	}
	for _, f := range s.Fields {
		out.Fields = append(out.Fields, adminapi.SampledField{
			Path: f.Path, Types: f.Types, Documents: len(f.Sizes), MedianBytes: median(f.Sizes), MaxBytes: largest(f.Sizes),
			Credential: f.Credential, Included: f.Included,
		})
	}
	slices.SortStableFunc(out.Fields, func(a, b adminapi.SampledField) int { return b.Documents - a.Documents })
	for typ, ids := range s.IDs {
		one := adminapi.SampledIDs{Type: cmp.Or(typ, "none"), Documents: ids.Documents, Matches: userIDTypes[draft.Documents.UserIDType].Matches(typ), Examples: []string{}}
		if withIDs {
			one.Examples = append(one.Examples, ids.Examples...)
		}
		out.IDs = append(out.IDs, one)
	}
	slices.SortFunc(out.IDs, func(a, b adminapi.SampledIDs) int {
		return cmp.Or(b.Documents-a.Documents, cmp.Compare(a.Type, b.Type))
	})
	return out
}
