"""What the homework's job does: kafka-python, a hundred messages, one INSERT, one commit.

python_consumer.py BROKERS TOPIC URL TABLE GROUP SECONDS: prints messages and seconds from the first message on.
"""
import http.client
import json
import sys
import time
import urllib.parse
import uuid

from kafka import KafkaConsumer

BATCH = 100
brokers, topic, url, table, group, limit = sys.argv[1:]
host = urllib.parse.urlparse(url)
clickhouse = http.client.HTTPConnection(host.hostname, host.port)
columns = "date, location_key, new_confirmed, new_deceased, new_recovered, new_tested"
columns += ", batch_id, kafka_partition, kafka_offset, consumer_group_id"
query = urllib.parse.quote(f"INSERT INTO {table} ({columns}) FORMAT JSONEachRow")


def insert(messages):
    batch = str(uuid.uuid4())
    rows = []
    for message in messages:
        row = json.loads(message.value.decode("utf-8"))
        row.update(
            batch_id=batch,
            kafka_partition=message.partition,
            kafka_offset=message.offset,
            consumer_group_id=group,
        )
        rows.append(json.dumps(row))
    clickhouse.request("POST", f"/?query={query}", body="\n".join(rows))
    answer = clickhouse.getresponse()
    said = answer.read()
    if answer.status != 200:
        sys.exit(said.decode())


consumer = KafkaConsumer(
    topic,
    bootstrap_servers=brokers,
    group_id=group,
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    consumer_timeout_ms=5000,
)
begin, done, batch = None, 0, []
for message in consumer:
    begin = begin or time.monotonic()
    batch.append(message)
    if len(batch) < BATCH:
        continue
    insert(batch)
    consumer.commit()
    done += len(batch)
    batch = []
    if time.monotonic() - begin > float(limit):
        break
print(done, time.monotonic() - begin)
