package models_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// setAll sets all fields of a row that have columns, to values that are not zero.
func setAll(t *testing.T, row reflect.Value, set map[string]any) {
	t.Helper()
	for i := range row.NumField() {
		name, tag, v := row.Type().Field(i).Name, row.Type().Field(i).Tag.Get("gorm"), row.Field(i)
		if given, ok := set[name]; ok {
			v.Set(reflect.ValueOf(given))
		} else if v.CanSet() && tag != "-" && name != "Lines" && name != "Type" {
			fill(t, v, name, i)
		}
	}
}

func fill(t *testing.T, v reflect.Value, name string, n int) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 29, 1, n, 2, 3_000_000, time.UTC)))
	case v.Kind() == reflect.String:
		v.SetString("a " + name)
	case v.CanInt():
		v.SetInt(int64(n + 1))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), name, n)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(t, v.Index(i), name, n+i)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Field(i).Name, n+i)
		}
	default:
		t.Fatalf("no value for %s, a %s", name, v.Type())
	}
}

// rewritten tells how a row with every column set, and one with as few as
// possible, differ from what GORM reads of them.
func rewritten[T any](t *testing.T, db *models.DB, set, least map[string]any) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().Name(), func(t *testing.T) {
		var full, empty T
		setAll(t, reflect.ValueOf(&full).Elem(), set)
		for name, value := range least {
			reflect.ValueOf(&empty).Elem().FieldByName(name).Set(reflect.ValueOf(value))
		}
		for _, row := range []T{full, empty} {
			got, err := models.Rewrite(t.Context(), db, row)
			if err != nil {
				t.Fatal(err)
			}
			// An own time of creation is kept, and the present is put in for none.
			same := cmp.Options{cmpopts.IgnoreUnexported(row), cmpopts.EquateEmpty(),
				cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "CreatedAt" || p.String() == "UpdatedAt" },
					cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) || a.IsZero() != b.IsZero() }))}
			if diff := cmp.Diff(row, got, same); diff != "" {
				t.Errorf("written and read (-written +read):\n%s", diff)
			}
		}
	})
}

func TestWhatAnOrderWritesReadsBackAsGORMHasIt(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t)
	team := modelstest.NewTeam(t, db)
	number := mustPlace(t, db, team.Requester, bucketOrder("", "")).Number
	app := mustCreateApp(t, db, team.Requester, "a-shop")
	now := db.Now()
	rewritten[models.Order](t, db, map[string]any{"Type": models.TypeNew, "State": models.OrderFailed}, map[string]any{"Number": int64(7), "Type": models.TypeNew, "State": models.OrderPending})
	rewritten[models.OrderLine](t, db, map[string]any{"OrderNumber": number, "Position": 2}, map[string]any{"OrderNumber": number, "Position": 3})
	rewritten[models.Event](t, db, nil, map[string]any{"ID": "1", "At": now})
	rewritten[models.Bucket](t, db, map[string]any{"TeamID": team.ID}, map[string]any{"ID": "1", "TeamID": team.ID, "Tags": []string{}})
	rewritten[models.Plan](t, db, map[string]any{"TeamID": team.ID}, map[string]any{"ID": "1", "TeamID": team.ID, "EffectiveAt": now, "EndsAt": now})
	rewritten[models.Store](t, db, map[string]any{"TeamID": team.ID}, map[string]any{"ID": "1", "TeamID": team.ID, "Num": int64(1), "Zones": []string{}})
	rewritten[models.PkgVersion](t, db, map[string]any{"AppID": app.ID, "State": models.VersionReady, "ObjectID": (*string)(nil)},
		map[string]any{"ID": "1", "AppID": app.ID, "State": models.VersionFailed})
	rewritten[models.Job](t, db, map[string]any{"State": models.JobQueued}, map[string]any{"ID": "1", "State": models.JobFailed, "RunAt": now, "Steps": []models.JobStep{}})
}
