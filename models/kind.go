package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"quartermaster/models/query"
)

// Kind is one of the things that people keep on the desk, by the name that it
// has in code, in the documents and in what is counted.
type Kind string

// The kinds that are shipped.
const (
	KindBucket     Kind = "bucket"
	KindPkgVersion Kind = "version"
	KindPlan       Kind = "plan"
	KindStore      Kind = "store"

	KindApp    Kind = "app"
	KindObject Kind = "object"
	KindOrder  Kind = "order"
	KindEvent  Kind = "event"
	KindTeam   Kind = "team"
	KindUser   Kind = "user"
	KindKey    Kind = "key"
)

// KindFacts is one row of the table of kinds: all that must be known of a kind
// to order, count, find and record its things. A kind has nothing of what is
// left empty.
type KindFacts struct {
	Kind Kind
	// Table is where its things are kept by id and team_id. Things without one
	// are never deleted.
	Table string
	// Leaving are the states of a thing whose deletion has begun, in the column
	// "state" of Table. Things without such states are deleted in one step.
	Leaving []StoreState
	// Inputs make what a line of an order asks for, by the type of the order. A
	// kind without is only recorded, never ordered.
	Inputs map[string]func() LineInput
	// ByJob are the jobs that fulfil lines, by the type of the order, whose
	// transaction promises them. Other lines are fulfilled in that transaction.
	ByJob map[string]JobKind
	// Jobs are what the kind's jobs do.
	Jobs map[JobKind]Work
	// Bulk are what can be done to several of its things at once.
	Bulk map[BulkAction]BulkFacts
	// Retry continues what failed of a line, or is ErrConflict. Without Retry,
	// the line's job continues from the step that failed.
	Retry func(ctx context.Context, tx *DB, by Actor, line OrderLine) error
	// Tagged tells that its things have tags, in the column "tags" of Table, and are
	// in the table tags too.
	Tagged bool
	// Search says how its things are found by a text.
	Search SearchFacts
	// Expiring says which of its things end, and when.
	Expiring ExpiringFacts
	// Sample are the columns that put a thing of the demo into a state; its
	// column "state" alone when there is none.
	Sample func(state string, now time.Time) map[string]any
}

// deletes is the action that deletes things, which may says of each: what doing it asks
// first too.
func deletes[T any](find func(db *DB, ctx context.Context, by Actor, id string) (*T, error), may func(ctx context.Context, db *DB, thing *T) error,
	do func(db *DB, ctx context.Context, by Actor, id string) error) map[BulkAction]BulkFacts {
	return map[BulkAction]BulkFacts{BulkDelete: {
		May: func(ctx context.Context, db *DB, by Actor, item *BulkItem, _ any) error {
			thing, err := find(db, ctx, by, item.ID)
			if err == nil && may != nil {
				err = may(ctx, db, thing)
			}
			return err
		},
		Do: func(ctx context.Context, tx *DB, by Actor, item *BulkItem, _ any) error {
			return do(tx, ctx, by, item.ID)
		},
	}}
}

// also are actions with one more.
func also(all map[BulkAction]BulkFacts, action BulkAction, facts BulkFacts) map[BulkAction]BulkFacts {
	all[action] = facts
	return all
}

// looked says of an application with versions that it is looked at before it is deleted.
func looked(err error) error {
	var broken Invalid
	if errors.As(err, &broken) {
		broken[0].Rule = "bulk_versions"
	}
	return err
}

// Kinds is the table of the kinds that are shipped, in the order they are shown.
func Kinds() []KindFacts {
	return []KindFacts{
		{
			Kind: KindBucket, Table: "buckets", Tagged: true,
			Inputs: map[string]func() LineInput{TypeNew: func() LineInput { return new(BucketInput) }},
			Jobs:   map[JobKind]Work{CountBucketsJob: countBuckets},
			Bulk: deletes((*DB).FindBucket,
				func(ctx context.Context, db *DB, b *Bucket) error { return db.bucketDeletable(ctx, b) }, (*DB).DeleteBucket),
			Search: SearchFacts{Text: []string{"name", "id", "description", "creator_name"}, Name: "name", Detail: "region"},
		},
		// The subject of what happens to an object is its bucket.
		{Kind: KindObject, Table: "buckets", Jobs: map[JobKind]Work{DropBlobsJob: dropBlobs, HashObjectJob: hashObject}},
		{
			Kind: KindApp, Table: "apps", Tagged: true,
			Bulk: deletes((*DB).FindApp,
				func(_ context.Context, _ *DB, a *App) error { return looked(a.deletable(0)) },
				func(db *DB, ctx context.Context, by Actor, id string) error {
					return looked(db.DeleteApp(ctx, by, id, 0))
				}),
			Search: SearchFacts{Text: []string{"name", "id", "category", "description", "creator_name"}, Name: "name", Detail: "region"},
		},
		{
			Kind: KindPkgVersion, Table: "pkg_versions", Tagged: true,
			Inputs: map[string]func() LineInput{TypeNew: func() LineInput { return new(PkgVersionInput) }},
			ByJob:  map[string]JobKind{TypeNew: InspectJob},
			Jobs:   map[JobKind]Work{InspectJob: inspect},
			Bulk:   deletes((*DB).FindPkgVersion, nil, (*DB).DeletePkgVersion),
			Retry: func(ctx context.Context, tx *DB, by Actor, l OrderLine) error {
				return tx.RetryPkgVersion(ctx, by, l.ResourceID)
			},
			Search: SearchFacts{Text: []string{"app_name", "label", "id", "source", "description", "creator_name"}, Name: "label", Detail: "app_name"},
		},
		{
			Kind: KindPlan, Table: "plans", Tagged: true,
			Inputs: map[string]func() LineInput{
				TypeNew:     func() LineInput { return new(PlanInput) },
				TypeRenew:   func() LineInput { return new(RenewInput) },
				TypeUpgrade: func() LineInput { return new(UpgradeInput) },
			},
			Jobs: map[JobKind]Work{MeasurePlansJob: measurePlans},
			Bulk: also(deletes((*DB).FindPlan,
				func(_ context.Context, _ *DB, p *Plan) error { return p.deletable() }, (*DB).DeletePlan), BulkRenew, BulkFacts{Ordered: true, Picked: true}),
			Search: SearchFacts{Text: []string{"id", "package_type", "note", "creator_name"}, Tag: "package_type", Name: "id", Detail: "package_type"},
			Expiring: ExpiringFacts{
				Table: "plans", Join: "JOIN package_types t ON t.code = plans.package_type", Where: "NOT held",
				Columns: `plans.id, t.zh, t.en, plans.region, plans.specification AS size, plans.effective_at AS starts_at, plans.ends_at,
					plans.order_number, plans.created_by, t.renewable, FALSE AS auto_renew, plans.package_type, plans.product_code,
					CASE WHEN plans.pricing_cycle = 'Year' THEN 12 * plans.duration ELSE plans.duration END AS months`,
			},
			Sample: func(_ string, now time.Time) map[string]any {
				return map[string]any{"exhausted_at": now, "settled_until": time.Time{}}
			},
		},
		{
			Kind: KindStore, Table: "stores", Leaving: []StoreState{StoreDropping, StoreDeleteFailed}, Tagged: true,
			Inputs: map[string]func() LineInput{
				TypeNew:     func() LineInput { return new(StoreInput) },
				TypeUpgrade: func() LineInput { return new(StoreScaleInput) },
			},
			ByJob: map[string]JobKind{TypeNew: CreateStoreJob, TypeUpgrade: ScaleStoreJob},
			Jobs:  map[JobKind]Work{CreateStoreJob: createStore, DeleteStoreJob: deleteStore, ScaleStoreJob: scaleStore},
			Bulk: deletes((*DB).FindStore,
				func(_ context.Context, _ *DB, s *Store) error { return s.mayBeDeleted() },
				func(db *DB, ctx context.Context, by Actor, id string) error {
					_, err := db.DeleteStore(ctx, by, id)
					return err
				}),
			Retry: func(ctx context.Context, tx *DB, by Actor, l OrderLine) error {
				_, err := tx.retryStore(ctx, by, l.ResourceID, l.OrderNumber)
				return err
			},
			Search: SearchFacts{Text: []string{"name", "id", "description", "creator_name"}, Name: "name", Detail: "region"},
			Expiring: ExpiringFacts{
				Table: "stores", Where: storeEnds,
				Columns: `stores.id, stores.name AS zh, stores.name AS en, stores.region, 0 AS size, stores.created_at AS starts_at, stores.ends_at,
					stores.order_number, stores.created_by, FALSE AS renewable, stores.auto_renew`,
			},
			Sample: sampleStore,
		},
		{
			Kind: KindOrder,
			Bulk: map[BulkAction]BulkFacts{BulkApprove: decidesInBulk(true), BulkReject: decidesInBulk(false), BulkCentre: centreInBulk()},
			Search: SearchFacts{Table: "orders", Key: "number", At: "number", Name: "number", Detail: "title",
				Text: []string{"number", "title", "requester_name", "note", "cost_centre", "po_number"}},
		},
		{
			Kind:   KindEvent,
			Search: SearchFacts{Table: "events", At: "at", Text: []string{"subject_name", "subject_id", "user_name"}, Tag: "action"},
		},
		{Kind: KindTeam, Jobs: map[JobKind]Work{RemindJob: remind, BulkJob: {Unseen: true, Steps: []WorkStep{{Name: "bulk", Do: goOnBulk}}}}},
		{Kind: KindUser},
		{Kind: KindKey, Table: "access_keys"},
	}
}

// kind is the row of a kind; an unknown kind has an empty row.
func (db *DB) kind(k Kind) KindFacts {
	for _, row := range db.kinds {
		if row.Kind == k {
			return row
		}
	}
	return KindFacts{}
}

// ordered are the rows of the kinds that people order.
func (db *DB) ordered() []KindFacts {
	return slices.DeleteFunc(slices.Clone(db.kinds), func(k KindFacts) bool { return k.Inputs == nil })
}

// Exec runs a statement that reads no rows, for kinds that are kept by nobody
// here. One that writes belongs in a transaction.
func (db *DB) Exec(ctx context.Context, statement string, args ...any) error {
	return query.Exec(ctx, db.gorm, statement, args...)
}

// Scan reads what a query gives: rows into a slice, columns into fields.
func (db *DB) Scan(ctx context.Context, into any, statement string, args ...any) error {
	return translate(db.gorm.WithContext(ctx).Raw(statement, args...).Scan(into).Error)
}
