// Prints what the Java client makes of a few thousand keys: the vectors that our partitioner is tested against.
//
// To make murmur2-vectors.json again, from the client version that test/broker/pom.xml names: npm run vectors

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

public final class Murmur2Vectors {
    private static final int[] PARTITION_COUNTS = {1, 2, 3, 7, 12, 100, 1000, 65536};

    private static final String[] WORDS = {
        "a", "ab", "abc", "abcd", "abcde", "key", "user-42", "order:2024-01-31", "kafka", "Millrace",
        "The quick brown fox jumps over the lazy dog", " ", "\t\n", "\0", "\0\0\0\0\0", "null", "{\"id\":1}",
        "ä", "é", "ñandú", "Größe", "\u0080", "\u07ff",
        "€", "日本語", "Привет", "안녕하세요", "\u0800", "\uffff", "שלום", "العربية",
        "😀", "👩‍👩‍👧‍👦", "𝄞", "𠜎𠜱", new String(Character.toChars(0x10000)), new String(Character.toChars(0x10ffff)),
        "aé€😀", "😀€éa", "\ufeffbom", "e\u0301", "kéy-日本-😀",
    };

    // By its hex form, so that no key is there twice.
    private final Map<String, byte[]> keys = new LinkedHashMap<>();
    private final Random random = new Random(20240131);

    public static void main(String[] args) {
        var vectors = new Murmur2Vectors();
        vectors.addText();
        vectors.addEveryTail();
        vectors.addEveryLength();
        vectors.addLongKeys();
        vectors.print(new PrintStream(System.out, false, StandardCharsets.UTF_8));
    }

    private void addText() {
        add(new byte[0]);
        for (String word : WORDS) add(word.getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < 300; i++) add(Integer.toString(i).getBytes(StandardCharsets.UTF_8));
        // One code point each of two, three and four bytes, at every place of a word.
        for (String wide : List.of("ö", "€", "😀")) {
            for (int before = 0; before <= 4; before++) {
                for (int after = 0; after <= 4; after++) {
                    add(("x".repeat(before) + wide + "y".repeat(after)).getBytes(StandardCharsets.UTF_8));
                }
            }
        }
    }

    // Java's bytes have a sign: an implementation that gets it wrong fails here, in the one to three last bytes.
    private void addEveryTail() {
        for (int value = 0; value < 256; value++) add(new byte[] {(byte) value});
        byte[] edges = {0, 1, 0x7f, (byte) 0x80, (byte) 0x81, (byte) 0xff};
        for (int body : new int[] {0, 4, 8}) {
            for (int tail = 1; tail <= 3; tail++) {
                for (int choice = 0; choice < Math.pow(edges.length, tail); choice++) {
                    byte[] key = randomBytes(body + tail);
                    for (int i = 0, rest = choice; i < tail; i++, rest /= edges.length) {
                        key[body + i] = edges[rest % edges.length];
                    }
                    add(key);
                }
            }
        }
        // The same for whole words of four bytes.
        for (int choice = 0; choice < Math.pow(edges.length, 4); choice += 3) {
            byte[] key = new byte[4];
            for (int i = 0, rest = choice; i < 4; i++, rest /= edges.length) key[i] = edges[rest % edges.length];
            add(key);
        }
    }

    private void addEveryLength() {
        for (int length = 0; length <= 40; length++) {
            for (byte same : new byte[] {0, 'a', 0x7f, (byte) 0x80, (byte) 0xff}) {
                byte[] key = new byte[length];
                Arrays.fill(key, same);
                add(key);
            }
            for (int i = 0; i < 16; i++) add(randomBytes(length));
            for (int i = 0; i < 4; i++) add(randomAscii(length));
        }
    }

    private void addLongKeys() {
        for (int length : new int[] {100, 101, 102, 103, 255, 256, 1000, 1001, 1002, 1003, 4096}) {
            add(randomBytes(length));
            add(randomAscii(length));
        }
    }

    private byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] randomAscii(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte) (' ' + random.nextInt('~' - ' ' + 1));
        return bytes;
    }

    private void add(byte[] key) {
        keys.putIfAbsent(HexFormat.of().formatHex(key), key);
    }

    private void print(PrintStream out) {
        List<String> lines = new ArrayList<>();
        keys.forEach((hex, key) -> lines.add("[\"" + hex + "\"," + Utils.murmur2(key) + "," + partitions(key) + "]"));
        String counts = IntStream.of(PARTITION_COUNTS).mapToObj(String::valueOf).collect(Collectors.joining(","));
        out.print("{\"partitionCounts\":[" + counts + "],\"vectors\":[\n" + String.join(",\n", lines) + "\n]}\n");
        out.flush();
    }

    private static String partitions(byte[] key) {
        List<String> partitions = new ArrayList<>();
        for (int count : PARTITION_COUNTS) {
            int partition = BuiltInPartitioner.partitionForKey(key, count);
            if (partition != Utils.toPositive(Utils.murmur2(key)) % count) {
                throw new IllegalStateException("The Java client no longer takes murmur2, made positive, modulo the count");
            }
            partitions.add(Integer.toString(partition));
        }
        return "[" + String.join(",", partitions) + "]";
    }
}
