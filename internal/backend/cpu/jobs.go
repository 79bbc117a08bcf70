package cpu

import "ossian/internal/kernel"

// job is one product: rows of m times n tokens.
type job struct {
	m        *kernel.Matrix
	y, x     []float32
	ldy, ldx int
	n        int
	bias     []float32
	end      int // row ranges of this and all earlier jobs
}

// rowGrain is the number of rows a worker takes at a time: some tens of microseconds of
// mat-vec at full width, so that nobody waits long for the last one.
const rowGrain = 32

// smallWork is about 20 us of multiply-adds for one thread: below it a loop stays on the
// caller, because waking the others costs as much. Models the size of nano live there.
const smallWork = 1 << 16

// grainFor is how many items of so much work make a range worth handing out.
func grainFor(work int) int { return max(1, smallWork/max(1, work)) }

// jobList runs several products as one parallel loop, so that they cost one join.
type jobList struct {
	list []job
	work int
	run  func(worker, lo, hi int) // made once: a closure per loop would allocate
}

func (j *jobList) init(b *Backend) {
	j.list = make([]job, 0, 8+b.cfg.Experts)
	j.run = func(worker, lo, hi int) {
		if b.pass.ctx.Err() != nil {
			return // forward notices too
		}
		i := 0
		for c := lo; c < hi; c++ {
			for j.list[i].end <= c {
				i++
			}
			t := &j.list[i]
			from := (c - (t.end - ranges(t.m))) * rowGrain
			b.ops.MatMul(t.y, t.ldy, t.m, from, min(from+rowGrain, t.m.Rows), t.x, t.ldx, t.n, t.bias, b.work.scratch[worker])
		}
	}
}

func ranges(m *kernel.Matrix) int { return (m.Rows + rowGrain - 1) / rowGrain }

// add queues y = m x + bias for n tokens.
func (j *jobList) add(m *kernel.Matrix, y []float32, ldy int, x []float32, ldx, n int, bias []float32) {
	end := ranges(m)
	if len(j.list) > 0 {
		end += j.list[len(j.list)-1].end
	}
	j.work += n * m.Rows * m.Cols
	j.list = append(j.list, job{m: m, y: y, ldy: ldy, x: x, ldx: ldx, n: n, bias: bias, end: end})
}

// flush runs what was queued.
func (b *Backend) flush() {
	j := &b.jobs
	if len(j.list) == 0 {
		return
	}
	if end := j.list[len(j.list)-1].end; j.work < smallWork {
		j.run(0, 0, end)
	} else {
		b.team.For(end, 1, j.run)
	}
	j.work = 0
	clear(j.list) // drop the views
	j.list = j.list[:0]
}
