//! Messages of binary formats: the server writes them, who knows the formats best.

use super::registry::Registry;
use sluice::client::clickhouse::ClickHouseReader;

/// What becomes of the rows of a SELECT as one message. `format` may end with `+N`: so many bytes stand before it.
pub async fn message(
    reader: &ClickHouseReader,
    select: &str,
    format: &str,
    schema: Option<&str>,
    registry: &Registry,
) -> Vec<u8> {
    let (format, before) = format.split_once('+').unwrap_or((format, "0"));
    let before = vec![0; before.parse().expect("a number of bytes")];
    let written = match format {
        "AvroConfluent" => "Avro",
        // Several rows of it could not be told apart, so no function writes it: it is the other without its length.
        "ProtobufSingle" => "Protobuf",
        other => other,
    };
    let schema = schema.map(|schema| format!(", format_schema = '{schema}'")).unwrap_or_default();
    let query = format!(
        "SELECT hex(formatRow('{written}', *)) FROM ({select}) SETTINGS output_format_avro_codec = 'null'{schema}"
    );
    let text = reader.text(&query).await.unwrap_or_else(|e| panic!("{query}: {e}"));
    let bytes = unhex(text.trim());
    let message = match format {
        "AvroConfluent" => confluent(&bytes, registry),
        "ProtobufSingle" => {
            let mut at = 0;
            varint(&bytes, &mut at);
            bytes[at..].to_vec()
        }
        _ => bytes,
    };
    [before, message].concat()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16).expect("hexadecimal")).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("a byte")).collect()
}

/// The one row of an Avro file behind the id of its schema.
fn confluent(file: &[u8], registry: &Registry) -> Vec<u8> {
    let mut at = b"Obj\x01".len();
    let mut schema = String::new();
    loop {
        let count = zigzag(file, &mut at);
        if count == 0 {
            break;
        }
        for _ in 0..count {
            let key = text(file, &mut at);
            let value = text(file, &mut at);
            if key == "avro.schema" {
                schema = value;
            }
        }
    }
    // A mark between blocks, then the number of rows and of bytes.
    at += 16;
    assert_eq!(zigzag(file, &mut at), 1, "one row a message");
    let length = zigzag(file, &mut at);
    let mut message = vec![0];
    message.extend(registry.id_of(&schema).to_be_bytes());
    message.extend(&file[at..at + length]);
    message
}

fn text(bytes: &[u8], at: &mut usize) -> String {
    let length = zigzag(bytes, at);
    *at += length;
    String::from_utf8_lossy(&bytes[*at - length..*at]).into_owned()
}

/// A number of Avro that is not negative.
fn zigzag(bytes: &[u8], at: &mut usize) -> usize {
    varint(bytes, at) / 2
}

fn varint(bytes: &[u8], at: &mut usize) -> usize {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}
