// Prints what the Java producer makes of options that may contradict each other: whether it takes them, and whether it
// is idempotent then. Our options are tested against that.
//
// To make producer-config-vectors.json again, from the client version that test/broker/pom.xml names: npm run vectors

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class ProducerConfigVectors {
    /** Stands for an option that is not said. */
    private static final String UNSAID = "";

    private static final List<Map<String, List<String>>> CROSSED = List.of(
        Map.of(
            "enable.idempotence", List.of(UNSAID, "true", "false"),
            "acks", List.of(UNSAID, "all", "-1", "1", "0"),
            "retries", List.of(UNSAID, "0", "3"),
            "max.in.flight.requests.per.connection", List.of(UNSAID, "5", "6"),
            "transactional.id", List.of(UNSAID, "t")),
        Map.of(
            "delivery.timeout.ms", List.of(UNSAID, "1000", "60000", "200000"),
            "linger.ms", List.of(UNSAID, "0", "500", "2000", "150000"),
            "request.timeout.ms", List.of(UNSAID, "100", "800", "30000", "130000")),
        Map.of(
            "retry.backoff.ms", List.of(UNSAID, "50", "1500"),
            "retry.backoff.max.ms", List.of(UNSAID, "100", "2000")),
        Map.of(
            "reconnect.backoff.ms", List.of(UNSAID, "20", "1500"),
            "reconnect.backoff.max.ms", List.of(UNSAID, "100", "2000")));

    public static void main(String[] args) {
        List<String> vectors = new ArrayList<>();
        for (Map<String, List<String>> choices : CROSSED) {
            for (Map<String, String> options : combinations(choices)) vectors.add(vector(options));
        }
        System.out.println("[\n" + String.join(",\n", vectors) + "\n]");
        System.out.flush();
        System.exit(0);
    }

    private static List<Map<String, String>> combinations(Map<String, List<String>> choices) {
        List<Map<String, String>> all = List.of(Map.of());
        for (String name : choices.keySet().stream().sorted().toList()) {
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> options : all) {
                for (String value : choices.get(name)) {
                    Map<String, String> more = new LinkedHashMap<>(options);
                    if (!value.equals(UNSAID)) more.put(name, value);
                    longer.add(more);
                }
            }
            all = longer;
        }
        return all;
    }

    private static String vector(Map<String, String> options) {
        Map<String, Object> config = new LinkedHashMap<>(options);
        config.put("bootstrap.servers", "127.0.0.1:1");
        config.put("key.serializer", ByteArraySerializer.class.getName());
        config.put("value.serializer", ByteArraySerializer.class.getName());
        String said = options.entrySet().stream()
            .map((option) -> quoted(option.getKey()) + ": " + quoted(option.getValue()))
            .collect(Collectors.joining(", ", "{", "}"));
        try (var producer = new KafkaProducer<byte[], byte[]>(config)) {
            producer.close(java.time.Duration.ZERO);
            boolean idempotent = new ProducerConfig(config).getBoolean("enable.idempotence");
            return "  { \"options\": " + said + ", \"idempotent\": " + idempotent + " }";
        } catch (KafkaException refusal) {
            Throwable cause = refusal.getCause() == null ? refusal : refusal.getCause();
            return "  { \"options\": " + said + ", \"refusal\": " + quoted(cause.getMessage()) + " }";
        }
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
