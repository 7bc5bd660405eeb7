BEGIN TRANSACTION;
CREATE TABLE album_photos (
	album_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	pinned BOOLEAN NOT NULL, 
	CONSTRAINT pk_album_photos PRIMARY KEY (album_id, photo_id), 
	CONSTRAINT fk_album_photos_album_id FOREIGN KEY(album_id) REFERENCES albums (id) ON DELETE CASCADE, 
	CONSTRAINT fk_album_photos_photo_id FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE
);
INSERT INTO "album_photos" VALUES(1,1,1);
INSERT INTO "album_photos" VALUES(1,3,0);
CREATE TABLE albums (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	search_id INTEGER, 
	least VARCHAR NOT NULL, 
	CONSTRAINT pk_albums PRIMARY KEY (id), 
	CONSTRAINT fk_albums_search_id FOREIGN KEY(search_id) REFERENCES searches (id), 
	CONSTRAINT uq_albums_name UNIQUE (name)
);
INSERT INTO "albums" VALUES(1,'Sunsets',2,'good');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE captions (
	id INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	photo_id INTEGER, 
	CONSTRAINT pk_captions PRIMARY KEY (id), 
	CONSTRAINT fk_captions_photo_id FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE, 
	CONSTRAINT uq_captions_text_source_photo_id UNIQUE (text, source, photo_id)
);
INSERT INTO "captions" VALUES(1,'a dog on the sand','list',NULL);
INSERT INTO "captions" VALUES(2,'a boat at sea','blip-base',2);
CREATE TABLE concepts (
	label_id INTEGER NOT NULL, 
	search_id INTEGER NOT NULL, 
	CONSTRAINT pk_concepts PRIMARY KEY (label_id), 
	CONSTRAINT fk_concepts_label_id FOREIGN KEY(label_id) REFERENCES labels (id) ON DELETE CASCADE, 
	CONSTRAINT fk_concepts_search_id FOREIGN KEY(search_id) REFERENCES searches (id)
);
INSERT INTO "concepts" VALUES(3,1);
CREATE TABLE embeddings (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	model_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	precision VARCHAR NOT NULL, 
	CONSTRAINT fk_embeddings_model_id FOREIGN KEY(model_id) REFERENCES models (id), 
	CONSTRAINT fk_embeddings_photo_id FOREIGN KEY(photo_id) REFERENCES photos (id), 
	CONSTRAINT uq_embeddings_model_id_photo_id UNIQUE (model_id, photo_id)
);
INSERT INTO "embeddings" VALUES(1,1,1,X'F83145B29A3BFB30','float32');
INSERT INTO "embeddings" VALUES(2,1,2,X'F0B4AA32023A5D38','float32');
INSERT INTO "embeddings" VALUES(3,1,3,X'24B76BBA53B6B526','float32');
CREATE TABLE examples (
	label_id INTEGER NOT NULL, 
	fingerprint BLOB NOT NULL, 
	path BLOB NOT NULL, 
	CONSTRAINT pk_examples PRIMARY KEY (label_id, fingerprint), 
	CONSTRAINT fk_examples_label_id FOREIGN KEY(label_id) REFERENCES labels (id) ON DELETE CASCADE
);
INSERT INTO "examples" VALUES(1,X'0000002F70686F746F732F622E706E67',X'2F70686F746F732F622E706E67');
CREATE TABLE failures (
	path BLOB NOT NULL, 
	root_id INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	sidecar_ns BIGINT NOT NULL, 
	decoder VARCHAR NOT NULL, 
	CONSTRAINT pk_failures PRIMARY KEY (path), 
	CONSTRAINT fk_failures_root_id FOREIGN KEY(root_id) REFERENCES roots (id)
);
INSERT INTO "failures" VALUES(X'2F70686F746F732F656D7074792E6A7067',1,'it is empty',0,5,0,'1');
CREATE TABLE files (
	id INTEGER NOT NULL, 
	path BLOB NOT NULL, 
	root_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	sidecar_ns BIGINT NOT NULL, 
	missing BOOLEAN NOT NULL, 
	beside BLOB, 
	CONSTRAINT pk_files PRIMARY KEY (id), 
	CONSTRAINT fk_files_photo_id FOREIGN KEY(photo_id) REFERENCES photos (id), 
	CONSTRAINT fk_files_root_id FOREIGN KEY(root_id) REFERENCES roots (id), 
	CONSTRAINT uq_files_path UNIQUE (path)
);
INSERT INTO "files" VALUES(1,X'2F70686F746F732F636166E92E6A7067',1,1,1,2,0,0,NULL);
INSERT INTO "files" VALUES(2,X'2F70686F746F732F622E706E67',1,2,1,2,0,0,NULL);
INSERT INTO "files" VALUES(3,X'2F70686F746F732F632E68656963',1,3,1,2,0,0,NULL);
CREATE TABLE labellings (
	model_id INTEGER NOT NULL, 
	checksum VARCHAR NOT NULL, 
	last_seq BIGINT NOT NULL, 
	CONSTRAINT pk_labellings PRIMARY KEY (model_id), 
	CONSTRAINT fk_labellings_model_id FOREIGN KEY(model_id) REFERENCES models (id)
);
INSERT INTO "labellings" VALUES(1,'abc',3);
CREATE TABLE labels (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, also JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_labels PRIMARY KEY (id), 
	CONSTRAINT uq_labels_source_name UNIQUE (source, name)
);
INSERT INTO "labels" VALUES(1,'our dog','probe','[]');
INSERT INTO "labels" VALUES(2,'beach','vocabulary','["seaside"]');
INSERT INTO "labels" VALUES(3,'my boat','concept','[]');
CREATE TABLE marks (
	search_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	turn INTEGER NOT NULL, 
	good BOOLEAN NOT NULL, 
	CONSTRAINT pk_marks PRIMARY KEY (search_id, photo_id, turn), 
	CONSTRAINT fk_marks_search_id FOREIGN KEY(search_id) REFERENCES searches (id) ON DELETE CASCADE, 
	CONSTRAINT fk_marks_photo_id FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE
);
INSERT INTO "marks" VALUES(1,2,1,1);
INSERT INTO "marks" VALUES(1,3,1,0);
CREATE TABLE models (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	revision VARCHAR NOT NULL, 
	checksum VARCHAR NOT NULL, 
	preprocessing VARCHAR NOT NULL, 
	dim INTEGER NOT NULL, 
	active BOOLEAN NOT NULL, 
	removals BIGINT NOT NULL, 
	CONSTRAINT pk_models PRIMARY KEY (id), 
	CONSTRAINT uq_models_name_revision_checksum_preprocessing_dim UNIQUE (name, revision, checksum, preprocessing, dim)
);
INSERT INTO "models" VALUES(1,'tiny','1','abc','none',4,1,0);
CREATE TABLE photo_labels (
	label_id INTEGER NOT NULL, 
	model_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	confidence DOUBLE NOT NULL, 
	CONSTRAINT pk_photo_labels PRIMARY KEY (label_id, model_id, photo_id), 
	CONSTRAINT fk_photo_labels_label_id FOREIGN KEY(label_id) REFERENCES labels (id) ON DELETE CASCADE, 
	CONSTRAINT fk_photo_labels_model_id FOREIGN KEY(model_id) REFERENCES models (id), 
	CONSTRAINT fk_photo_labels_photo_id FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE
);
INSERT INTO "photo_labels" VALUES(1,1,2,0.75);
CREATE TABLE photos (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	fingerprint BLOB NOT NULL, 
	hidden BOOLEAN NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	format VARCHAR NOT NULL, 
	taken_at DATETIME, 
	taken_from VARCHAR, 
	camera VARCHAR, 
	lens VARCHAR, 
	latitude DOUBLE, 
	longitude DOUBLE, 
	caption VARCHAR, 
	keywords JSON NOT NULL, 
	flaw VARCHAR, look BLOB, placeholder BLOB, 
	CONSTRAINT uq_photos_fingerprint UNIQUE (fingerprint)
);
INSERT INTO "photos" VALUES(1,X'2F70686F746F732F636166E92E6A7067',0,4000,3000,'jpeg','2024-05-01 12:30:00.000000','exif','Pixel 8','main',52.5,13.4,'Kaffee','["caf\u00e9", "morning"]',NULL,X'0F1E2D3C4B5A6978',X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20212223');
INSERT INTO "photos" VALUES(2,X'0000002F70686F746F732F622E706E67',0,10,10,'png',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','truncated',NULL,X'C87828C87828C87828C87828C87828C87828C87828C87828C87828C87828C87828C87828');
INSERT INTO "photos" VALUES(3,X'00002F70686F746F732F632E68656963',0,5,5,'heic',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
CREATE TABLE probes (
	label_id INTEGER NOT NULL, 
	model_id INTEGER NOT NULL, 
	weights BLOB NOT NULL, 
	bias DOUBLE NOT NULL, 
	accuracy DOUBLE NOT NULL, 
	recall DOUBLE NOT NULL, 
	last_seq BIGINT NOT NULL, 
	CONSTRAINT pk_probes PRIMARY KEY (label_id, model_id), 
	CONSTRAINT fk_probes_label_id FOREIGN KEY(label_id) REFERENCES labels (id) ON DELETE CASCADE, 
	CONSTRAINT fk_probes_model_id FOREIGN KEY(model_id) REFERENCES models (id)
);
INSERT INTO "probes" VALUES(1,1,X'0000803F0000000000000000000080BF',-0.5,0.9,0.8,3);
CREATE TABLE roots (
	id INTEGER NOT NULL, 
	path BLOB NOT NULL, 
	exclude JSON NOT NULL, 
	online BOOLEAN NOT NULL, 
	device VARCHAR, 
	CONSTRAINT pk_roots PRIMARY KEY (id), 
	CONSTRAINT uq_roots_path UNIQUE (path)
);
INSERT INTO "roots" VALUES(1,X'2F70686F746F73','[]',1,NULL);
CREATE TABLE searches (
	id INTEGER NOT NULL, 
	line VARCHAR NOT NULL, 
	saved BOOLEAN NOT NULL, 
	CONSTRAINT pk_searches PRIMARY KEY (id), 
	CONSTRAINT uq_searches_line UNIQUE (line)
);
INSERT INTO "searches" VALUES(1,'boat',1);
INSERT INTO "searches" VALUES(2,'sunset over the sea',0);
CREATE TABLE sentences (
	model_id INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT pk_sentences PRIMARY KEY (model_id, text), 
	CONSTRAINT fk_sentences_model_id FOREIGN KEY(model_id) REFERENCES models (id)
);
INSERT INTO "sentences" VALUES(1,'a boat at sea',X'F83145B29A3BFB30');
CREATE UNIQUE INDEX uq_models_active ON models (active) WHERE active = 1;
CREATE INDEX ix_photos_camera ON photos (camera);
CREATE INDEX ix_photos_format ON photos (format);
CREATE INDEX ix_photos_hidden ON photos (id) WHERE hidden = 1;
CREATE INDEX ix_photos_taken_at ON photos (taken_at);
CREATE INDEX ix_embeddings_model_id_seq ON embeddings (model_id, seq);
CREATE INDEX ix_embeddings_photo_id ON embeddings (photo_id);
CREATE INDEX ix_failures_root_id ON failures (root_id);
CREATE INDEX ix_files_photo_id ON files (photo_id);
CREATE INDEX ix_files_root_id ON files (root_id);
CREATE INDEX ix_photo_labels_photo_id ON photo_labels (photo_id);
CREATE INDEX ix_photos_look ON photos (look);
CREATE INDEX ix_captions_photo_id ON captions (photo_id);
CREATE INDEX ix_marks_photo_id ON marks (photo_id);
CREATE INDEX ix_concepts_search_id ON concepts (search_id);
CREATE INDEX ix_albums_search_id ON albums (search_id);
CREATE INDEX ix_album_photos_photo_id ON album_photos (photo_id);
CREATE INDEX ix_photos_placeholder ON photos (id) WHERE placeholder IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('photos',3);
INSERT INTO "sqlite_sequence" VALUES('embeddings',3);
COMMIT;
PRAGMA application_id = 1885892468;
PRAGMA user_version = 4;
