package bench

import (
	"io"
	"os"
)

func processorName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 1<<16)) // the first processor is enough
	return modelName(string(text))
}
