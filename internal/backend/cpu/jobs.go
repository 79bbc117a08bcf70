package cpu

import "ossian/internal/kernel"

// job is one product: m times n vectors.
type job struct {
	m        *linear
	y, x     []float32
	ldy, ldx int
	n        int
	acts     kernel.Acts // for a packed matrix
	index    []int32     // which of acts; nil: all in order
	bias     []float32
	grain    int // rows a worker takes at a time
	begin    int // the first row range of this job, counted over all
	end      int
}

// Rows that a worker takes at a time: some tens of microseconds of mat-vec at full width, so that
// nobody waits long for the last one. Packed weights are read as four streams side by
// side by one vector, which should not be short.
const (
	rowGrain    = 64
	packedGrain = 256
	tileGrain   = 128 // for many vectors
	manyVectors = 4   // from here on the kernels go by tiles
)

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
			from := (c - t.begin) * t.grain
			to := min(from+t.grain, t.m.outputs())
			if t.m.isPacked {
				b.ops.Mul(t.y, t.ldy, &t.m.packed, from, to, &t.acts, t.index, t.bias, b.work.panel[worker])
			} else {
				b.ops.MatMul(t.y, t.ldy, &t.m.rows, from, to, t.x, t.ldx, t.n, t.bias, b.work.scratch[worker])
			}
		}
	}
}

// add queues y = m x + bias for rows lo..hi-1 of v.
func (j *jobList) add(m *linear, y []float32, v *vectors, lo, hi int, bias []float32) {
	t := job{m: m, y: y, ldy: m.outputs(), n: hi - lo, bias: bias}
	if m.isPacked {
		t.acts = v.rows(lo, hi)
	} else {
		t.x, t.ldx = v.x[lo*v.cols:], v.cols
	}
	j.queue(t)
}

// addIndexed queues y = m x + bias for the rows of v that index names; m is packed.
func (j *jobList) addIndexed(m *linear, y []float32, v *vectors, index []int32, bias []float32) {
	j.queue(job{m: m, y: y, ldy: m.outputs(), n: len(index), acts: v.acts, index: index, bias: bias})
}

func (j *jobList) queue(t job) {
	switch {
	case !t.m.isPacked:
		t.grain = rowGrain
	case t.n < manyVectors:
		t.grain = packedGrain
	default:
		t.grain = tileGrain
	}
	if n := len(j.list); n > 0 {
		t.begin = j.list[n-1].end
	}
	t.end = t.begin + (t.m.outputs()+t.grain-1)/t.grain
	j.work += t.n * t.m.outputs() * t.m.inputs()
	j.list = append(j.list, t)
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
