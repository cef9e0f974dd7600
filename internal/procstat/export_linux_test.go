package procstat

// CPUOfStat is what CPU falls back to.
var CPUOfStat = cpuOfStat
