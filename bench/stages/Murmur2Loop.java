// Prints how many nanoseconds of CPU time the Java client's murmur2 takes for a key of 16 bytes, the median of several
// rounds.

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Utils;

public final class Murmur2Loop {
    private static final int KEYS = 1000;
    private static final int PASSES = 10_000;
    private static final int ROUNDS = 15;
    private static volatile int kept;

    public static void main(String[] args) {
        byte[][] keys = new byte[KEYS][];
        for (int i = 0; i < KEYS; i++) {
            keys[i] = ("customer-" + (1_000_000 + i)).getBytes(StandardCharsets.UTF_8);
        }
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        double[] rounds = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long start = clock.getCurrentThreadCpuTime();
            int all = 0;
            for (int pass = 0; pass < PASSES; pass++) {
                for (byte[] key : keys) all ^= Utils.murmur2(key);
            }
            kept = all;
            rounds[round] = (double) (clock.getCurrentThreadCpuTime() - start) / KEYS / PASSES;
        }
        Arrays.sort(rounds);
        System.out.println(String.format(java.util.Locale.ROOT, "%.2f", rounds[ROUNDS / 2]));
    }
}
