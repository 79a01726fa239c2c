package models_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"quartermaster/models"
	"quartermaster/models/modelstest"
)

// processor is how long the program has kept processors busy.
func processor() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// clients shares b.N calls among so many at once, and reports the processor
// time of one: on a busy machine it says more than the clock.
func clients(b *testing.B, n int, call func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	before := processor()
	b.ResetTimer()
	defer func() {
		b.ReportMetric(float64((processor()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	}()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkCreate measures a durable create with its order, line, event and
// counters, beside one bare insert a commit into the same kind of file.
func BenchmarkCreate(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("bare/%d", n), func(b *testing.B) {
			db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_txlock=immediate")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			if _, err := db.Exec("CREATE TABLE t (id integer PRIMARY KEY, name text)"); err != nil {
				b.Fatal(err)
			}
			clients(b, n, func() error {
				_, err := db.Exec("INSERT INTO t (name) VALUES (?)", "a bucket of the usual name length")
				return err
			})
		})
		b.Run(fmt.Sprintf("order/%d", n), func(b *testing.B) {
			db := modelstest.Open(b)
			team := modelstest.NewTeam(b, db)
			clients(b, n, func() error {
				_, err := db.PlaceOrder(context.Background(), team.Requester, bucketOrder("", ""))
				return err
			})
		})
	}
}

// BenchmarkDashboard measures what the first page reads, with a few and with
// many rows behind it.
func BenchmarkDashboard(b *testing.B) {
	for _, rows := range []int{100, 10_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			db := modelstest.Open(b)
			team := modelstest.NewTeam(b, db)
			var lines []models.LineInput
			for range 100 {
				lines = append(lines, &models.BucketInput{Region: "cn-hangzhou"})
			}
			for i := 0; i < rows; i += 100 {
				if _, err := db.PlaceOrder(b.Context(), team.Requester, models.OrderInput{Lines: lines}); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			for b.Loop() {
				if _, err := db.FindDashboard(b.Context(), team.Viewer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNonce measures a create by a signed request that notes its nonce with
// the order, beside one that notes it first, and one without a nonce.
func BenchmarkNonce(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		for _, way := range []string{"none", "together", "first"} {
			b.Run(fmt.Sprintf("%s/%d", way, n), func(b *testing.B) {
				db := modelstest.Open(b)
				team := modelstest.NewTeam(b, db)
				var used atomic.Int64
				clients(b, n, func() (err error) {
					ctx, nonce := context.Background(), fmt.Sprint(used.Add(1))
					switch way {
					case "together":
						ctx, _ = models.WithNonce(ctx, "QM1", nonce)
					case "first":
						err = db.UseNonce(ctx, "QM1", nonce)
					}
					if err == nil {
						_, err = db.PlaceOrder(ctx, team.Requester, bucketOrder("", ""))
					}
					return err
				})
			})
		}
	}
}

// BenchmarkWho measures what a request asks before all else: who its session, or
// the key that signed it, acts as.
func BenchmarkWho(b *testing.B) {
	db := modelstest.Open(b)
	team := modelstest.NewTeam(b, db)
	user, err := db.FindUser(b.Context(), team.Requester)
	if err == nil {
		err = db.ResetPassword(b.Context(), models.Operator(), user.Email, longPassword)
	}
	if err != nil {
		b.Fatal(err)
	}
	from := visitor("192.0.2.9")
	begun, err := db.SignIn(b.Context(), from, models.SignInInput{Email: user.Email, Password: longPassword}, "")
	if err != nil {
		b.Fatal(err)
	}
	key, _, err := db.CreateAccessKey(b.Context(), team.Admin, models.AccessKeyInput{Name: "deploys"})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("session", func(b *testing.B) {
		clients(b, 1, func() error { _, err := db.FindSession(b.Context(), begun.Token); return err })
	})
	b.Run("key", func(b *testing.B) {
		clients(b, 1, func() error { _, err := db.FindCaller(b.Context(), key.ID, program); return err })
	})
}

// BenchmarkPutObject measures a durable put of 4 KiB, new each time and in place of
// the same object.
func BenchmarkPutObject(b *testing.B) {
	text := make([]byte, 4<<10)
	for _, n := range []int{1, 16} {
		for _, way := range []string{"new", "again"} {
			b.Run(fmt.Sprintf("%s/%d", way, n), func(b *testing.B) {
				db := modelstest.Open(b)
				team := modelstest.NewTeam(b, db)
				bucket := bucketFor(b, db, team)
				var i atomic.Int64
				clients(b, n, func() error {
					key := "same"
					if way == "new" {
						key = fmt.Sprintf("dir/%09d", i.Add(1))
					}
					_, err := db.PutObject(context.Background(), team.Requester, models.ObjectInput{BucketID: bucket, Key: key}, bytes.NewReader(text))
					return err
				})
			})
		}
	}
}

// BenchmarkListKeys measures a page of 1,000 keys, and one of as many folders that
// hold ten each, with few and with many objects in the bucket.
func BenchmarkListKeys(b *testing.B) {
	for _, rows := range []int{20_000, 200_000} {
		o := modelstest.Choose(b, models.Options{})
		db := modelstest.OpenWith(b, o)
		team := modelstest.NewTeam(b, db)
		bucket := bucketFor(b, db, team)
		modelstest.Exec(b, o, `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
			INSERT INTO objects (id, team_id, bucket_id, key, size, content_type, sha256, md5, blob, created_by, creator_name, created_at)
			SELECT 'id-' || i, ?, ?, CAST(1000000 + i / 10 AS text) || '/' || CAST(i % 10 AS text), 5, 'text/plain', 'x', 'x', 'blob-' || i, '', '', ? FROM n`,
			rows, team.Viewer.TeamID, bucket, time.Now())
		for name, q := range map[string]models.KeyQuery{
			"flat":    {Size: 1000, After: fmt.Sprint(1000000 + rows/20)},
			"folders": {Size: 1000, After: fmt.Sprint(1000000 + rows/20), Delimiter: "/"},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
				for b.Loop() {
					if list, _, err := db.ListKeys(b.Context(), team.Viewer, bucket, q); err != nil || len(list) != 1000 {
						b.Fatal(len(list), err)
					}
				}
			})
		}
	}
}

func bucketFor(b *testing.B, db *models.DB, team modelstest.Team) string {
	b.Helper()
	order, err := db.PlaceOrder(b.Context(), team.Requester, bucketOrder("", ""))
	if err != nil {
		b.Fatal(err)
	}
	return order.Order.Lines[0].ResourceID
}
